package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
)

// Usage: wrap CALL_ID
func main() {
	gateway := os.Getenv("KEYDESK_GATEWAY")
	if gateway == "" {
		gateway = "http://127.0.0.1:8080"
	}
	body, _ := json.Marshal(map[string]any{
		"code": "resolved", "comments": "Invoice explained.", "data": map[string]string{"ticket": "4711"},
	})
	request, err := http.NewRequest("PUT", gateway+"/v1/calls/"+os.Args[1]+"/wrap", bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("KEYDESK_KEY"))
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 400 {
		problem, _ := io.ReadAll(answer.Body)
		log.Fatalf("%s", problem)
	}
	var written struct {
		Code     string
		Revision int
	}
	if err := json.NewDecoder(answer.Body).Decode(&written); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s, revision %d\n", written.Code, written.Revision)
}
