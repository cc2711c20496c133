package main

import (
	"fmt"
	"io/ioutil"
	"net/http"
	"strings"
)

func main() {
	url := "https://%3Cyour_api_key%3E:%3Cyour_api_token%3E%3Csubdomain%3E/v2/accounts/%3Cyour_sid%3E/message-campaigns/%3Cid%3E"
	payload := strings.NewReader(`{
"action":"archive"
}`)
	request, err := http.NewRequest("PUT", url, payload)
	if err != nil {
		panic(err)
	}
	request.Header.Add("content-type", "application/json")
	response, err := (&http.Client{}).Do(request)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	body, err := ioutil.ReadAll(response.Body)
	if err != nil {
		panic(err)
	}
	fmt.Println(string(body))
}
