package vsphere

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/vmware/govmomi/sts"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// An Auth is how a login proves who it is.
type Auth int

// The ways to log in.
const (
	AuthPassword Auth = iota // the password goes to vCenter's own login
	AuthToken                // it goes to vCenter's Security Token Service, whose SAML bearer token logs in
	// AuthCertificate: the token service gets a request signed with the key of a
	// solution user's certificate, and gives a token that only its holder can use.
	AuthCertificate
)

// login opens a session of the connection, which must have none. The session
// lives on by itself: a token is for the login alone, and forgotten after it.
func (c *conn) login(ctx context.Context, transport http.RoundTripper, password string) (types.UserSession, error) {
	if c.cfg.Auth != AuthPassword && c.standalone() {
		return types.UserSession{}, errNoTokens
	}
	if c.cfg.Auth != AuthPassword {
		token, err := issueToken(ctx, c.cfg, transport, password)
		if err != nil {
			return types.UserSession{}, err
		}
		ctx = c.soap.WithHeader(ctx, soap.Header{Security: token})
		res, err := methods.LoginByToken(ctx, c, &types.LoginByToken{This: *c.content.SessionManager, Locale: locale})
		if err != nil {
			return types.UserSession{}, err
		}
		return res.Returnval, nil
	}
	res, err := methods.Login(ctx, c, &types.Login{
		This: *c.content.SessionManager, UserName: c.cfg.Username, Password: password, Locale: locale,
	})
	if err != nil {
		return types.UserSession{}, err
	}
	return res.Returnval, nil
}

// locale is the language vCenter's words come in.
const locale = "en_US"

// tokenRequest is what the token service is asked with. Of a certificate, secret is
// the PEM of it and of its RSA key.
func tokenRequest(cfg Config, secret string) (sts.TokenRequest, error) {
	if cfg.Auth != AuthCertificate {
		return sts.TokenRequest{Userinfo: url.UserPassword(cfg.Username, secret)}, nil
	}
	pair, err := tls.X509KeyPair([]byte(secret), []byte(secret))
	if err != nil {
		return sts.TokenRequest{}, fmt.Errorf("certificate: %w", err)
	}
	return sts.TokenRequest{Certificate: &pair}, nil
}

// issueToken gets a token from the Security Token Service of the vCenter's
// own host. Its registered address is not looked up: the password goes to the host
// whose certificate is checked and to no other.
func issueToken(ctx context.Context, cfg Config, transport http.RoundTripper, secret string) (*sts.Signer, error) {
	request, err := tokenRequest(cfg, secret)
	if err != nil {
		return nil, err
	}
	at := *cfg.URL
	at.Path = sts.Path
	sc := soap.NewClient(&at, cfg.Insecure)
	harden(&sc.Client, transport)
	sc.Namespace, sc.UserAgent = "urn:"+sts.Namespace, userAgent()
	client := &sts.Client{Client: sc, RoundTripper: sc}
	var token *sts.Signer
	err = observeCall(ctx, cfg, "IssueToken", cfg.CallTimeout, func(ctx context.Context) (err error) {
		token, err = client.Issue(ctx, request)
		return err
	})
	if err != nil && soap.IsSoapFault(err) {
		f := soap.ToSoapFault(err)
		_, code, _ := strings.Cut(f.Code, ":") // the prefix stands for WS-Trust and may be any
		err = &tokenError{code: code, text: f.String}
	}
	return token, err
}

// A tokenError is a fault of the Security Token Service (WS-Trust 1.4, section 11).
type tokenError struct{ code, text string }

func (e *tokenError) Error() string {
	text := fmt.Sprintf("token service: %s: %s", e.code, e.text)
	if e.code == "InvalidTimeRange" {
		text += " (do the clocks of this host and of vCenter agree?)"
	}
	return text
}

// refusedToken reports whether err is the token service's word that user name or
// password is wrong; asked whether it is its word at all.
func refusedToken(err error) (refused, asked bool) {
	var e *tokenError
	if !errors.As(err, &e) {
		return false, false
	}
	return e.code == "FailedAuthentication", true
}
