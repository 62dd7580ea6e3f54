package bmc

import (
	"bytes"
	"testing"
	"testing/synctest"

	"github.com/bmc-gateway/bmc-gateway/ipmi"
)

// TestReadMuchOfTheFRU: in IPMI 1.5 the length of a message is one byte, so an
// answer has less than was asked for, and the client goes on from there.
func TestReadMuchOfTheFRU(t *testing.T) {
	image := bytes.Repeat([]byte("FRU"), 100)
	forEachVersion(t, func(t *testing.T, v version) {
		synctest.Test(t, func(t *testing.T) {
			r := serve(t, func(c *Config) {
				bothVersions(c)
				c.FRU = image
			})
			s, err := v.enter(t, r.console(t), operator, false)
			if err != nil {
				t.Fatal(err)
			}
			var got []byte
			for len(got) < len(image) {
				answer := command(t, s, ipmi.NetFnStorage, 0x11, []byte{0, byte(len(got)), byte(len(got) >> 8), 0xFF}, ipmi.Completed)
				if n := len(answer.Data); n < 2 || int(answer.Data[0]) != n-1 {
					t.Fatalf("at %d: %d bytes, of which the first is %d", len(got), n, answer.Data[0])
				}
				got = append(got, answer.Data[1:]...)
			}
			if !bytes.Equal(got, image) {
				t.Errorf("read %d bytes that are not the image", len(got))
			}
		})
	})
}
