{{- define "language.name" -}}
{{ .Release.Name }}-{{ .Chart.Name | trunc 20 | trimSuffix "-" }}
{{- end }}
{{- define "language.labels" }}
app: {{ .Chart.Name }}
version: {{ .Chart.AppVersion | quote }}
{{- end }}
{{- define "language.overridden" }}from helpers{{ end }}
{{- define "language.list" -}}
{{- range $i, $e := . }}{{ if $i }}, {{ end }}{{ $e }}{{- end }}
{{- end }}
