{{- /* SPDX-License-Identifier: EUPL-1.2 */ -}}

{{- /* What each service is: owns tables (kern), takes part in calls (ruf), reaches others' calls (ziel), job types by
       whose age it is scaled. The tests compare the types with those of the program. */ -}}
{{- define "eakte.wesen" -}}
portal: { kern: true, ruf: true }
eingang: { kern: true, ruf: true, ziel: true }
geschaeftsgang: { kern: true, ruf: true, ziel: true }
akten: { kern: true, ruf: true, ziel: true }
erkennung: { jobs: [erkennung.zerlegen.v1, erkennung.seiten.v1, erkennung.zusammensetzen.v1] }
rechnung: { jobs: [rechnung.pruefen.v1] }
einordnung: { jobs: [einordnung.vorschlagen.v1] }
uebergabe: { ruf: true }
{{- end }}

{{- define "eakte.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{- define "eakte.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- /* Labels that choose the pods of one part; `dict "root" . "teil" NAME`. */ -}}
{{- define "eakte.wahl" -}}
app.kubernetes.io/name: eakte
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .teil }}
{{- end }}

{{- define "eakte.labels" -}}
{{ include "eakte.wahl" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "eakte.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  # Landlock and seccomp of the parsers' children are allowed in it.
  seccompProfile: { type: RuntimeDefault }
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
{{- range . }}
  - name: {{ . }}
{{- end }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "eakte.container" -}}
image: {{ include "eakte.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  privileged: false
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{- /* Scaling by queue age is on for this service? `dict "root" . "dienst" VALUES`. */ -}}
{{- define "eakte.skaliert" -}}
{{- if and (ne .root.Values.skalierung.art "keine") .dienst.skalierung -}}ja{{- end -}}
{{- end }}
