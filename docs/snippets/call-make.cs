using System;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Threading.Tasks;
using Newtonsoft.Json.Linq;

class CallMake
{
    static readonly string Gateway = Environment.GetEnvironmentVariable("KEYDESK_GATEWAY") ?? "http://127.0.0.1:8080";
    static readonly string Key = Environment.GetEnvironmentVariable("KEYDESK_KEY");

    // Usage: CallMake 1001 "+61 491 570 156" lead-4711-attempt-1
    static async Task Main(string[] args)
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        client.Timeout = TimeSpan.FromSeconds(10);
        var wanted = new JObject { ["agent_extension"] = args[0], ["to"] = args[1] };
        var request = new HttpRequestMessage(HttpMethod.Post, Gateway + "/v1/calls")
        {
            Content = new StringContent(wanted.ToString(), Encoding.UTF8, "application/json"),
        };
        // Store the Idempotency-Key before you send: whoever sends it again gets the same call, not a second one.
        request.Headers.Add("Idempotency-Key", args[2]);
        var answer = await client.SendAsync(request);
        var body = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode) throw new Exception(body);
        var call = JObject.Parse(body);
        Console.WriteLine($"{call["id"]} {call["state"]}");
        if (answer.Headers.Contains("Idempotency-Replayed")) Console.WriteLine("sent before");
    }
}
