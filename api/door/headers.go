package door

import (
	"net/http"
	"strings"
)

// Headers sets what every answer of both listeners carries. The policy lets
// nothing load, frame or be sent; a page that needs more says so with AllowPage.
func Headers(h http.Header, secure bool) {
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cross-Origin-Embedder-Policy", "require-corp")
	h.Set("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("X-Robots-Tag", "noindex, nofollow")
	if secure {
		h.Set("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
	}
}

// AllowPage loosens the policy of one answer by these directives and no other:
// AllowPage(h, "style-src 'self'", "form-action 'self'").
func AllowPage(h http.Header, directives ...string) {
	policy := []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"}
	form := "form-action 'none'"
	for _, d := range directives {
		if strings.HasPrefix(d, "form-action ") {
			form = d
			continue
		}
		policy = append(policy, d)
	}
	h.Set("Content-Security-Policy", strings.Join(append(policy, form), "; "))
}
