package vsphere

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
)

// A Level says how bad a finding is.
type Level uint8

// The levels, from good to bad.
const (
	Fine Level = iota
	Doubtful
	Broken // something that is configured does not work
)

// A Finding is what one check of a vCenter has found.
type Finding struct {
	Topic  string // "login", "folder /DC0/vm/lab"
	Level  Level
	Text   string
	Remedy string // what to do about it; empty when all is fine
}

// A survey collects findings.
type survey struct{ findings []Finding }

func (s *survey) fine(topic, format string, args ...any) {
	s.findings = append(s.findings, Finding{topic, Fine, fmt.Sprintf(format, args...), ""})
}

func (s *survey) tell(l Level, topic, text, remedy string) {
	s.findings = append(s.findings, Finding{topic, l, text, remedy})
}

const (
	clockSkew  = time.Minute // between our clock and vCenter's; the token service bears some minutes
	oldVersion = "6.5"       // of the API; older ones were never tried
	surveyPoll = 20 * time.Millisecond
)

// Check connects to the vCenter of the configuration and says what it finds there:
// login, certificate, clocks, folders, tags, privileges. It changes nothing, logs
// in once more than Run does, and has logged out when it returns. ctx bounds how
// long it waits for the inventory.
func Check(ctx context.Context, cfg Config) []Finding {
	s := new(survey)
	cfg.Events = nil
	v, err := New(cfg)
	if err != nil {
		s.tell(Broken, "configuration", err.Error(), "correct the configuration")
		return s.findings
	}
	defer v.transport.CloseIdleConnections()
	if v.surveyLogin(ctx, s) {
		v.surveyInventory(ctx, s)
	}
	return s.findings
}

// surveyLogin opens one session, by itself: a wrong password is tried once and not
// twice.
func (v *VCenter) surveyLogin(ctx context.Context, s *survey) bool {
	password, err := v.cfg.Password()
	if err != nil {
		s.tell(Broken, "login", "password: "+err.Error(), "make the password readable for the user the daemon runs as")
		return false
	}
	c, err := openConn(ctx, v.cfg, v.transport, "check", password)
	if err != nil {
		s.tell(Broken, "login", err.Error(), v.loginRemedy(err))
		return false
	}
	defer func() {
		brief, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutGrace)
		defer cancel()
		if err := c.logout(brief); err != nil {
			s.tell(Doubtful, "logout", err.Error(), "none: vCenter ends the session by itself")
		}
	}()
	s.fine("login", "as %s at %s", c.user.UserName, c.content.About.FullName)
	if v.cfg.Insecure {
		s.tell(Doubtful, "certificate", "is not checked", "set ca_file or thumbprint in place of insecure_skip_verify")
	}
	if api := c.content.About.ApiVersion; olderThan(api, oldVersion) {
		s.tell(Doubtful, "version", "its API is "+api+", and the gateway was never tried with one before "+oldVersion, "update it, or test each command")
	}
	if c.standalone() && len(v.cfg.Tags) > 0 {
		s.tell(Broken, "tags", errNoTags.Error(), "replace select.tags by select.folders")
	}
	surveyClock(ctx, c, s)
	return true
}

func surveyClock(ctx context.Context, c *conn, s *survey) {
	asked := time.Now()
	theirs, err := methods.GetCurrentTime(ctx, c)
	if err != nil {
		s.tell(Broken, "clock", err.Error(), "see the log of vCenter")
		return
	}
	ours := asked.Add(time.Since(asked) / 2)
	s.clock(theirs.Sub(ours).Round(time.Second))
}

// clock tells by how much vCenter's clock is ahead of ours.
func (s *survey) clock(skew time.Duration) {
	if skew.Abs() > clockSkew {
		s.tell(Doubtful, "clock", fmt.Sprintf("vCenter's is %v from ours: times in event logs differ, and auth: sts may be refused", skew), "let both follow NTP")
		return
	}
	s.fine("clock", "%v from ours", skew)
}

// olderThan compares versions such as "6.5" and "8.0.3.0". One that cannot be read
// is not older.
func olderThan(version, than string) bool {
	var a, b [2]int
	if _, err := fmt.Sscanf(version+".0", "%d.%d", &a[0], &a[1]); err != nil {
		return false
	}
	if _, err := fmt.Sscanf(than, "%d.%d", &b[0], &b[1]); err != nil {
		return false
	}
	return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
}

// loginRemedy says what to do about a login that failed.
func (v *VCenter) loginRemedy(err error) string {
	var untrusted *tls.CertificateVerificationError
	var pin *pinError
	refused, token := refusedToken(err)
	switch {
	case errors.Is(err, errNoTokens):
		return "remove auth: sts"
	case errors.As(err, &untrusted) && len(untrusted.UnverifiedCertificates) > 0:
		sum := sha256.Sum256(untrusted.UnverifiedCertificates[0].Raw)
		return "set ca_file to the CA that vCenter offers at https://" + v.cfg.URL.Host +
			"/certs/download.zip; or, when vCenter itself shows this SHA-256, thumbprint: \"" + thumbprint(sum[:]) + `"`
	case errors.As(err, &pin):
		return "when vCenter itself shows that certificate, it was renewed: put its hash into thumbprint. If not, somebody is in between"
	case isRefusal(err) && !token, refused:
		return "check username (user@domain) and password; SSO locks an account after five wrong ones"
	case token:
		return "let the clocks follow NTP, or use auth: password"
	default:
		return "check url, name resolution and the way to TCP port " + port(v.cfg.URL.Port())
	}
}

func port(p string) string {
	if p == "" {
		return "443"
	}
	return p
}
