{{ define "inner.text" }}text of inner{{ end }}
