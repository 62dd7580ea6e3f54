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

// sets is the envelope of held removals.
type sets struct {
	APIVersion string     `json:"apiVersion"`
	Kind       string     `json:"kind"`
	Items      []Removals `json:"items"`
}

// confirmed is the envelope of a Confirmation.
type confirmed struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Confirmation
}

// happened is the envelope of events.
type happened struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Items      []Event `json:"items"`
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

// RemovalsList is the envelope of held removals.
func RemovalsList(held []Removals) any {
	if held == nil {
		held = []Removals{} // "items":[] and not null
	}
	return sets{APIVersion, "RemovalsList", held}
}

// Confirmed is the envelope of a Confirmation.
func Confirmed(c Confirmation) any { return confirmed{APIVersion, "Confirmation", c} }

// Screen is the envelope of a Status.
func Screen(s Status) any { return screen{APIVersion, "Status", s} }

// EventList is the envelope of events.
func EventList(events []Event) any {
	if events == nil {
		events = []Event{} // "items":[] and not null
	}
	return happened{APIVersion, "EventList", events}
}
