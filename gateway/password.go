package gateway

import "crypto/rand"

// What generated names and passwords are made of: nothing that is taken for
// something else when it is read aloud or from paper.
const (
	nameLetters     = "abcdefghjkmnpqrstuvwxyz23456789"
	passwordLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ" + "abcdefghijkmnopqrstuvwxyz" + "23456789"

	// passwordLength is what IPMI 1.5 and vCenter take at most; 16 of these letters are
	// 93 bits, out of reach for who has caught a login and guesses.
	passwordLength = 16
)

// generate returns n letters, each as likely as any other.
func generate(letters string, n int) string {
	out := make([]byte, 0, n)
	fair := 256 - 256%len(letters) // bytes from here on would prefer the first letters
	for raw := make([]byte, 2*n); len(out) < n; {
		_, _ = rand.Read(raw) // never fails
		for _, b := range raw {
			if int(b) < fair && len(out) < n {
				out = append(out, letters[int(b)%len(letters)])
			}
		}
		clear(raw)
	}
	return string(out)
}
