package vspheretest

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"

	sts "github.com/vmware/govmomi/sts/simulator"
)

// tokenPath is where the token service is that knows all domains by itself.
const tokenPath = "/sts/STSService"

// serveTokens adds the Security Token Service. The simulator's gives a token to
// anybody; ours to the account that may log in, and to
// the holder of the certificate of the configuration; signatures are not verified.
func (v *VCenter) serveTokens() {
	_, tokens := sts.New(v.service.Listen, v.registry.OptionManager().Setting)
	v.service.ServeMux.HandleFunc(tokenPath, func(w http.ResponseWriter, r *http.Request) { v.issueToken(w, r, tokens) })
}

// issueToken counts as the call "IssueToken", for which faults may be injected:
// the fault's HTTP status is what is answered.
func (v *VCenter) issueToken(w http.ResponseWriter, r *http.Request, tokens http.Handler) {
	const name = "IssueToken"
	v.calls.add(name, "")
	if f := v.faults.take(name, "", false); f != nil {
		v.pause(f.Delay)
		if f.Status != 0 {
			http.Error(w, http.StatusText(f.Status), f.Status)
			return
		}
	}
	var request struct {
		User     string `xml:"Header>Security>UsernameToken>Username"`
		Password string `xml:"Header>Security>UsernameToken>Password"`
		Holder   string `xml:"Header>Security>BinarySecurityToken"`
		Signed   string `xml:"Header>Security>Signature>SignatureValue"`
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err == nil {
		err = xml.Unmarshal(body, &request)
	}
	holder := request.Signed != "" && request.Holder != "" &&
		request.Holder == base64.StdEncoding.EncodeToString(v.cfg.Certificate)
	if err != nil || !holder && !v.logins.knows(request.User, request.Password) {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, refusedToken)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	tokens.ServeHTTP(w, r)
}

// refusedToken is the fault of WS-Trust 1.4, section 11, for a wrong password.
const refusedToken = `<?xml version="1.0" encoding="UTF-8"?>
<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/"><S:Body><S:Fault xmlns:ns0="http://docs.oasis-open.org/ws-sx/ws-trust/200512/">
<faultcode>ns0:FailedAuthentication</faultcode><faultstring>Invalid credentials</faultstring>
</S:Fault></S:Body></S:Envelope>`
