/** Common words of the alerts about causes. */
export const P = 'stripe_connector_';
export const LAG = 'stripe_connector:consumer_lag_messages:sum';
export const HERE = 'in namespace {{ $labels.namespace }}';
