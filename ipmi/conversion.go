package ipmi

import "math"

const (
	maxFactor = 511 // M and B are ten-bit two's complements
	minFactor = -512
	maxRaw    = 255
)

// Factors turn a raw reading of eight unsigned bits into a value (section 36.3):
//
//	y = (M·x + B·10^BExp) · 10^RExp
//
// The zero value stands for y = x.
type Factors struct {
	M, B       int16 // -512 to 511
	BExp, RExp int8  // -8 to 7
}

// Scale returns factors for values from 0 to highest, as fine as 255 steps can be.
func Scale(highest float64) Factors {
	f := Factors{M: 1}
	step := highest / maxRaw
	if !(step > 0) || math.IsInf(step, 0) {
		return f
	}
	for step > maxFactor && f.RExp < 7 {
		step, f.RExp = step/10, f.RExp+1
	}
	for step < maxFactor/10 && step != math.Trunc(step) && f.RExp > -8 {
		step, f.RExp = step*10, f.RExp-1
	}
	f.M = int16(min(max(math.Ceil(step-1e-9), 1), maxFactor))
	return f
}

// Valid says whether the factors fit their fields.
func (f Factors) Valid() bool {
	fits := func(v int16) bool { return v >= minFactor && v <= maxFactor }
	exponent := func(v int8) bool { return v >= -8 && v <= 7 }
	return fits(f.M) && fits(f.B) && exponent(f.BExp) && exponent(f.RExp)
}

// Value returns what a raw reading means.
func (f Factors) Value(raw uint8) float64 {
	f = f.filled()
	sum := float64(f.M)*float64(raw) + float64(f.B)*math.Pow10(int(f.BExp))
	return sum * math.Pow10(int(f.RExp))
}

// Raw returns the reading that is nearest to the value; one outside of what can
// be told becomes the lowest or highest.
func (f Factors) Raw(value float64) uint8 {
	f = f.filled()
	x := (value/math.Pow10(int(f.RExp)) - float64(f.B)*math.Pow10(int(f.BExp))) / float64(f.M)
	if math.IsNaN(x) {
		return 0
	}
	return uint8(math.Round(min(max(x, 0), maxRaw)))
}

func (f Factors) filled() Factors {
	if f.M == 0 {
		f.M = 1
	}
	return f
}

// appendFactors appends them as records have them (table 43-1), with tolerance
// and accuracy unspecified:
//
//	[0] M  [1] bits 7:6 M  [2] B  [3] bits 7:6 B  [4] 0  [5] bits 7:4 RExp, bits 3:0 BExp
func appendFactors(dst []byte, f Factors) []byte {
	f = f.filled()
	return append(dst, byte(f.M), byte(f.M>>8)<<6, byte(f.B), byte(f.B>>8)<<6, 0, byte(f.RExp)<<4|byte(f.BExp)&0x0F)
}

func parseFactors(b []byte) Factors {
	tenBits := func(low, high byte) int16 { return int16(uint16(high>>6)<<14|uint16(low)<<6) >> 6 }
	return Factors{
		M: tenBits(b[0], b[1]), B: tenBits(b[2], b[3]),
		RExp: int8(b[5]) >> 4, BExp: int8(b[5]<<4) >> 4,
	}.filled()
}
