package main

import (
	"fmt"
	"io"
	"log"
	"math/rand"
	"net/http"
	"os"
	"strconv"
	"time"
)

func get(path string, tries int) ([]byte, error) {
	gateway := os.Getenv("KEYDESK_GATEWAY")
	if gateway == "" {
		gateway = "http://127.0.0.1:8080"
	}
	for attempt := 1; ; attempt++ {
		request, err := http.NewRequest("GET", gateway+path, nil)
		if err != nil {
			return nil, err
		}
		request.Header.Set("Authorization", "Bearer "+os.Getenv("KEYDESK_KEY"))
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode < 400 {
			return body, err
		}
		switch answer.StatusCode {
		case 429, 502, 503, 504:
		default:
			return nil, fmt.Errorf("%s", body)
		}
		if attempt == tries {
			return nil, fmt.Errorf("%s", body)
		}
		// The answer says how long. Without it: longer each time, and not all at the same moment.
		wait := time.Duration(float64(time.Second<<attempt) * (0.5 + rand.Float64()/2))
		if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
			wait = time.Duration(seconds) * time.Second
		}
		fmt.Printf("%d, waiting %g s\n", answer.StatusCode, wait.Seconds())
		time.Sleep(wait)
	}
}

func main() {
	for call := 0; call < 3; call++ {
		if _, err := get("/v1/queues?limit=1", 5); err != nil {
			log.Fatal(err)
		}
		fmt.Println("answered")
	}
}
