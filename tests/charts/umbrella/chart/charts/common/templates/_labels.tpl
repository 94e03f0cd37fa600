{{- define "common.labels" -}}
chart: {{ .Chart.Name }}
level: {{ (.Values.global).level | quote }}
{{- end -}}
