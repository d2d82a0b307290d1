package modemtest

import (
	"strconv"
	"strings"
)

// Pieces of messages that client and service both write.

func imStatus(code int) imBody {
	return imBody{pts: "ST=" + strconv.Itoa(code), xml: imResultElement(code)}
}

func imResultElement(code int) string {
	return imElement("Result", imElements("Code", strconv.Itoa(code)))
}

func imAvailability(value string) string {
	return imElement("UserAvailability", imElements("Qualifier", "T")+imElements("PresenceValue", value))
}

func imProperty(name, value string) string {
	return imElement("Property", imElements("Name", name)+imElements("Value", value))
}

// imPropertyCodes are the codes that plain text syntax has for names of properties.
var imPropertyCodes = map[string]string{"DisplayName": "DN", "Default": "DE"}

func imCode(name string) string {
	if code, ok := imPropertyCodes[name]; ok {
		return code
	}
	return name
}

// imNeutral is the name that stands for a code, else the text as it is.
func imNeutral(text string) string {
	for name, code := range imPropertyCodes {
		if code == text {
			return name
		}
	}
	return text
}

// imLocal is alice of wv:alice@example.com.
func imLocal(user string) string {
	local, _, _ := strings.Cut(strings.TrimPrefix(user, "wv:"), "@")
	return local
}
