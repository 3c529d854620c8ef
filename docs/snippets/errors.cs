using System;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading.Tasks;
using Newtonsoft.Json.Linq;

class Errors
{
    static readonly string Gateway = Environment.GetEnvironmentVariable("KEYDESK_GATEWAY") ?? "http://127.0.0.1:8080";
    static readonly string Key = Environment.GetEnvironmentVariable("KEYDESK_KEY");

    // Usage: Errors /v1/metrics/summary
    static async Task Main(string[] args)
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        var answer = await client.GetAsync(Gateway + args[0]);
        if (answer.IsSuccessStatusCode) return;
        var problem = JObject.Parse(await answer.Content.ReadAsStringAsync());
        // Decide by the code, show people the detail, and keep the request's id for the administrator.
        Console.Write($"{problem["status"]} {problem["code"]}: {problem["detail"]} ");
        Console.WriteLine($"(request {problem["request_id"]})");
    }
}
