// Not on the page. Node's own fetch takes no URL with credentials, so they are in the header.
const credentials = Buffer.from("<your_api_key>:<your_api_token>").toString("base64");

const response = await fetch("https://<host>/v2/accounts/<your_sid>/message-campaigns/<id>", {
  method: "PUT",
  headers: { "content-type": "application/json", authorization: `Basic ${credentials}` },
  body: JSON.stringify({ action: "archive" }),
});
console.log(await response.text());
