package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"time"
)

func main() {
	gateway := os.Getenv("KEYDESK_GATEWAY")
	if gateway == "" {
		gateway = "http://127.0.0.1:8080"
	}
	today := time.Now().UTC().Truncate(24 * time.Hour)
	query := url.Values{
		"format": {"parquet"},
		"from":   {today.AddDate(0, 0, -1).Format(time.RFC3339)},
		"to":     {today.Format(time.RFC3339)},
	}
	request, err := http.NewRequest("GET", gateway+"/v1/data/calls?"+query.Encode(), nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("KEYDESK_KEY"))
	request.Header.Set("TE", "trailers")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 400 {
		problem, _ := io.ReadAll(answer.Body)
		log.Fatalf("%s", problem)
	}
	file, err := os.Create("calls.parquet")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	if _, err := io.Copy(file, answer.Body); err != nil {
		log.Fatal(err)
	}
	// The number of rows comes after the last of them, in a trailer: without it the transfer was cut.
	fmt.Println("rows:", answer.Trailer.Get("X-Row-Count"))
}
