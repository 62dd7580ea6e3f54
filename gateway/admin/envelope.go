package admin

// list is the envelope of several items.
type list struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Items      []BMC  `json:"items"`
}

// one is the envelope of a BMC.
type one struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	BMC
}

// screen is the envelope of a Status.
type screen struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Status
}

// failure is what comes with a status code that is not 200.
type failure struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Error      string `json:"error"`
}

// List is the envelope of several BMCs. The command line prints these envelopes
// too, so that its JSON reads the same as the socket's.
func List(bmcs []BMC) any {
	if bmcs == nil {
		bmcs = []BMC{} // "items":[] and not null
	}
	return list{APIVersion, "BMCList", bmcs}
}

// Single is the envelope of one BMC.
func Single(b BMC) any { return one{APIVersion, "BMC", b} }

// Screen is the envelope of a Status.
func Screen(s Status) any { return screen{APIVersion, "Status", s} }
