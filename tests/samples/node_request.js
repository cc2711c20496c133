const request = require("request");

const options = {
  method: "PUT",
  url: "https://<your_api_key>:<your_api_token><subdomain>/v2/accounts/<your_sid>/message-campaigns/<id>",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ action: "archive" }),
};

request(options, (error, response) => {
  if (error) throw error;
  console.log(response.body);
});
