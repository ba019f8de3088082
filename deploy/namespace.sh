#!/bin/sh
# Create the namespace and register the search attributes of workflows/search_attributes.py; both may exist already.
# The server's address and the namespace are TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE, which the command reads itself.
set -eu
: "${TEMPORAL_ADDRESS:?}" "${TEMPORAL_NAMESPACE:?}"

# Ask again, for a minute: a server has just started, a new namespace is not yet known to all of its parts.
patiently() {
    left=60
    until answer=$("$@" 2>&1); do
        left=$((left - 1))
        if [ "$left" -le 0 ]; then
            printf 'gave up on: %s\n%s\n' "$*" "$answer" >&2
            exit 1
        fi
        sleep 1
    done
}

# One call for each name: of several names in one call, the command (1.9.1) registers the first and reports success.
register() {
    type=$1
    shift
    for name in "$@"; do
        patiently temporal operator search-attribute create --type "$type" --name "$name"
    done
}

patiently temporal operator cluster health
if ! temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "${TEMPORAL_RETENTION:-30d}"
fi

register Keyword EscalationStage EscalationStatus EscalationSeverity EscalationOwner EscalationTeam \
    EscalationLevel EscalationPlaybook EscalationSource EscalationWaitingOn
register KeywordList EscalationReasons
register Datetime EscalationNextDueAt
register Bool EscalationBreached

# Registered is not yet usable: the worker starts after this job, so wait until a query knows the last one.
patiently temporal workflow count --query 'EscalationBreached = true'
echo "namespace $TEMPORAL_NAMESPACE is ready"
