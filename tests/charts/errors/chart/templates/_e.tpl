{{ define "outer" }}{{ include "inner" .Values }}{{ end }}
{{ define "inner" }}
  {{ .text.broken }}{{ end }}
{{ define "endless" }}{{ include "endless" . }}{{ end }}
