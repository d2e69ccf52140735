// compiles

package bypass

import (
	"aval/consent"
)

// The zero Actor is nobody, and is let in nowhere.
var nobody = consent.Actor{}
