import json

import requests

url = "https://<your_api_key>:<your_api_token><subdomain>/v2/accounts/<your_sid>/message-campaigns/<id>"
payload = json.dumps({"action": "archive"})
headers = {"content-type": "application/json"}

response = requests.request("PUT", url, headers=headers, data=payload)
print(response.text)
