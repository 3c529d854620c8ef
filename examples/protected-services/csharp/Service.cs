using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Text;
using System.Threading;
using System.Web.Script.Serialization;
using Verdict = System.Collections.Generic.Dictionary<string, object>;

static class Service
{
    static readonly JavaScriptSerializer Json = new JavaScriptSerializer();
    static readonly Dictionary<string, int> Statuses = new Dictionary<string, int> {
        { "NOT_FOUND", 401 }, { "REVOKED", 401 }, { "DISABLED", 401 }, { "EXPIRED", 401 }, { "RATE_LIMITED", 429 }, { "QUOTA_EXCEEDED", 429 } };

    static string Env(string name, string otherwise) { return Environment.GetEnvironmentVariable(name) ?? otherwise; }

    // The verdict on the caller's key; null where there is none.
    static Verdict Ask(HttpListenerRequest call, string scope)
    {
        var key = call.Headers["Authorization"] ?? "";
        if (key.StartsWith("Bearer ", StringComparison.Ordinal)) key = key.Substring(7);
        var body = Json.Serialize(new { key, scopes = new[] { scope }, environment = "live", ip = call.RemoteEndPoint.Address.ToString() });
        try
        {
            var asking = (HttpWebRequest)WebRequest.Create(Env("KEYDESK_URL", "http://127.0.0.1:3000") + "/api/v1/keys/verify");
            asking.Method = "POST";
            asking.Timeout = asking.ReadWriteTimeout = 2000;
            asking.Proxy = null;
            asking.ContentType = "application/json";
            asking.Headers["Authorization"] = "Bearer " + Env("KEYDESK_KEY", "");
            using (var stream = asking.GetRequestStream()) stream.Write(Encoding.UTF8.GetBytes(body), 0, Encoding.UTF8.GetByteCount(body));
            using (var answer = asking.GetResponse())
            using (var reader = new StreamReader(answer.GetResponseStream()))
            {
                var verdict = Json.Deserialize<Verdict>(reader.ReadToEnd());
                return verdict.ContainsKey("code") && verdict.ContainsKey("valid") ? verdict : null;
            }
        }
        catch (Exception) { return null; }
    }

    static void Contacts(HttpListenerContext call)
    {
        var verdict = Ask(call.Request, "contacts:read");
        var code = verdict == null ? "" : (string)verdict["code"];
        object wait = null;
        if (verdict != null) verdict.TryGetValue("retry_after_seconds", out wait);
        var valid = code == "VALID" && true.Equals(verdict["valid"]);
        int status;
        if (verdict == null) status = 503; // Whoever can't be checked is not let in.
        else if (valid) status = 200;
        else if (!Statuses.TryGetValue(code, out status)) status = 403;
        if (status == 429 && wait == null) status = 403; // No waiting helps.
        var response = call.Response;
        response.StatusCode = status;
        response.ContentType = "application/json";
        if (status == 401) response.AddHeader("WWW-Authenticate", "Bearer");
        if (status == 429 || status == 503) response.AddHeader("Retry-After", status == 503 ? "5" : wait.ToString());
        var said = valid ? Json.Serialize(new { items = new string[0], client = verdict["client_name"] })
            : Json.Serialize(new { detail = status == 503 ? "Keys can't be checked at the moment" : code });
        var bytes = Encoding.UTF8.GetBytes(said);
        response.OutputStream.Write(bytes, 0, bytes.Length);
        response.Close();
    }

    static void Main()
    {
        var listener = new HttpListener();
        listener.Prefixes.Add("http://127.0.0.1:" + Env("PORT", "8000") + "/contacts/");
        listener.Start();
        while (true)
        {
            var call = listener.GetContext();
            ThreadPool.QueueUserWorkItem(_ => { try { Contacts(call); } catch (Exception) { call.Response.Abort(); } });
        }
    }
}
