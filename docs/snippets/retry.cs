using System;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading.Tasks;

class Retry
{
    static readonly string Gateway = Environment.GetEnvironmentVariable("KEYDESK_GATEWAY") ?? "http://127.0.0.1:8080";
    static readonly string Key = Environment.GetEnvironmentVariable("KEYDESK_KEY");

    static async Task<string> Get(string path, int tries = 5)
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        var random = new Random();
        for (var attempt = 1; ; attempt++)
        {
            var answer = await client.GetAsync(Gateway + path);
            var body = await answer.Content.ReadAsStringAsync();
            if (answer.IsSuccessStatusCode) return body;
            var status = (int)answer.StatusCode;
            var passes = status == 429 || status == 502 || status == 503 || status == 504;
            if (!passes || attempt == tries) throw new Exception(body);
            // The answer says how long. Without it: longer each time, and not all at the same moment.
            var wait = answer.Headers.RetryAfter?.Delta
                ?? TimeSpan.FromSeconds(Math.Pow(2, attempt) * (0.5 + random.NextDouble() / 2));
            Console.WriteLine($"{status}, waiting {wait.TotalSeconds} s");
            await Task.Delay(wait);
        }
    }

    static async Task Main()
    {
        for (var call = 0; call < 3; call++)
        {
            await Get("/v1/queues?limit=1");
            Console.WriteLine("answered");
        }
    }
}
