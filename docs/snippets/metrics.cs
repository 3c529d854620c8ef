using System;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading.Tasks;
using Newtonsoft.Json;
using Newtonsoft.Json.Linq;

class Metrics
{
    static readonly string Gateway = Environment.GetEnvironmentVariable("KEYDESK_GATEWAY") ?? "http://127.0.0.1:8080";
    static readonly string Key = Environment.GetEnvironmentVariable("KEYDESK_KEY");

    static async Task Main()
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        var answer = await client.GetAsync(Gateway + "/v1/metrics/queues?queue=Sales&length=15m&basis=offered");
        var body = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode) throw new Exception(body);
        foreach (var row in JObject.Parse(body)["items"])
        {
            var level = row["service_level"]["answered_and_abandoned"].ToString(Formatting.None); // null where nobody called
            var final = row["final"].ToString(Formatting.None);
            Console.Write($"{row["start"]:s}Z offered {row["offered_count"]}, answered {row["answered_count"]}, ");
            Console.WriteLine($"service level {level}, final {final}");
        }
    }
}
