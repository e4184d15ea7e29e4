package tested

import "testing"

func TestCode(t *testing.T) {
	if len(NewRegistration("a shared secret").Code(nil)) == 0 {
		t.Fail()
	}
}
