package main

import (
	"io"
	"log"
	"net/http"
	"os"
)

func main() {
	gateway := os.Getenv("KEYDESK_GATEWAY")
	if gateway == "" {
		gateway = "http://127.0.0.1:8080"
	}
	request, err := http.NewRequest("GET", gateway+"/v1/sandbox", nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("KEYDESK_KEY"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 400 {
		problem, _ := io.ReadAll(answer.Body)
		log.Fatalf("%s", problem)
	}
	io.Copy(os.Stdout, answer.Body)
}
