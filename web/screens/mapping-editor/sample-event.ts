/** What Engage sends when an invented person enters or leaves an audience (segment-spec.md 2.4). */
export function sampleEvent(key: string, entered: boolean): Record<string, unknown> {
  return {
    type: 'track',
    event: entered ? 'Audience Entered' : 'Audience Exited',
    userId: 'sample-person',
    properties: { audience_key: key, [key]: entered },
    context: {
      traits: { email: 'sample.person@example.com', phone: '+15550100123' },
      device: { type: 'ios', advertisingId: '7A5B3C1D-0E2F-4A6B-8C9D-1E3F5A7B9C0D' },
      personas: { computation_class: 'audience', computation_key: key },
    },
  };
}
