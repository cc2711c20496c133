curl --location --request PUT 'https://<your_api_key>:<your_api_token><subdomain>/v2/accounts/<your_sid>/message-campaigns/<id>' \
    --header 'content-type: application/json' \
    --data-raw '{     "action":"archive" }'
