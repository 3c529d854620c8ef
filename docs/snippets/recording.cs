using System;
using System.IO;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Threading.Tasks;
using Newtonsoft.Json.Linq;

class Recording
{
    static readonly string Gateway = Environment.GetEnvironmentVariable("KEYDESK_GATEWAY") ?? "http://127.0.0.1:8080";
    static readonly string Key = Environment.GetEnvironmentVariable("KEYDESK_KEY");
    const int Chunk = 1 << 20;

    static async Task<HttpContent> Get(string path, RangeHeaderValue range = null)
    {
        var client = new HttpClient();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        var request = new HttpRequestMessage(HttpMethod.Get, $"{Gateway}/v1/recordings/{path}");
        request.Headers.Range = range;
        var answer = await client.SendAsync(request);
        if (!answer.IsSuccessStatusCode) throw new Exception(await answer.Content.ReadAsStringAsync());
        return answer.Content;
    }

    // Usage: Recording RECORDING_ID
    static async Task Main(string[] args)
    {
        var known = JObject.Parse(await (await Get(args[0])).ReadAsStringAsync());
        var digest = SHA256.Create();
        using (var file = File.Create($"{known["id"]}.wav"))
        {
            for (long offset = 0; offset < (long)known["size_bytes"];)
            {
                var part = await Get($"{known["id"]}/content", new RangeHeaderValue(offset, offset + Chunk - 1));
                var data = await part.ReadAsByteArrayAsync();
                file.Write(data, 0, data.Length);
                digest.TransformBlock(data, 0, data.Length, null, 0);
                offset += data.Length;
            }
        }
        digest.TransformFinalBlock(new byte[0], 0, 0);
        if (BitConverter.ToString(digest.Hash).Replace("-", "").ToLowerInvariant() != (string)known["sha256"])
        {
            throw new Exception("the file is not what was recorded");
        }
        Console.WriteLine($"{known["id"]}.wav: OK");
    }
}
