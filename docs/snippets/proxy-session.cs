using System;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;
using System.Threading.Tasks;
using Newtonsoft.Json.Linq;

class ProxySession
{
    static readonly string Gateway = Environment.GetEnvironmentVariable("KEYDESK_GATEWAY") ?? "http://127.0.0.1:8080";
    static readonly string Key = Environment.GetEnvironmentVariable("KEYDESK_KEY");

    static async Task<JObject> Ask(HttpMethod method, string path, JObject sent = null, string session = null)
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        var request = new HttpRequestMessage(method, Gateway + path);
        if (sent != null) request.Content = new StringContent(sent.ToString(), Encoding.UTF8, "application/json");
        // The session's token goes beside the key, not in its place.
        if (session != null) request.Headers.Add("X-Proxy-Session", session);
        var answer = await client.SendAsync(request);
        var body = await answer.Content.ReadAsStringAsync();
        if (!answer.IsSuccessStatusCode) throw new Exception(body);
        return body == "" ? null : JObject.Parse(body);
    }

    // Usage: ProxySession AGENT_ID
    static async Task Main(string[] args)
    {
        var session = await Ask(HttpMethod.Post, "/v1/sessions/proxy", new JObject { ["agent_id"] = args[0], ["minutes"] = 30 });
        try
        {
            var state = new JObject { ["routing_state"] = "not_ready", ["reason"] = "training" };
            var changed = await Ask(HttpMethod.Put, $"/v1/agents/{args[0]}/state", state, (string)session["token"]);
            Console.WriteLine($"{changed["display_name"]}: {changed["routing_state"]}");
        }
        finally
        {
            await Ask(HttpMethod.Delete, $"/v1/sessions/proxy/{session["session_id"]}");
        }
    }
}
