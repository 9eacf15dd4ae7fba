import type { PaymentMethod, PaymentMethodDraft, PaymentMethodUpdateAction } from '@commercetools/platform-sdk';
import { refused } from './refusal.ts';
import { paymentMethod } from './resources.ts';
import type { CommercetoolsState, RecurringJob } from './state.ts';

/**
 * A payment method from a draft. None is created when its key exists or its customer does not. Tokens need not be
 * unique.
 */
export function createPaymentMethod(project: CommercetoolsState, draft: PaymentMethodDraft): PaymentMethod {
  const { customer, businessUnit, custom: _none, ...fields } = draft;
  if (customer?.id && !project.customers.has(customer.id)) throw refused('ReferencedResourceNotFound');
  checkKeyIsFree(project.paymentMethods, draft.key);
  const made = paymentMethod({
    ...(fields as Partial<PaymentMethod>),
    id: project.newId(),
    ...(customer?.id && { customer: { typeId: 'customer', id: customer.id } }),
    ...(businessUnit?.key && { businessUnit: { typeId: 'business-unit', key: businessUnit.key } }),
  });
  project.paymentMethods.set(made.id, made);
  return made;
}

/** A payment method after one action of an update. */
export function changePaymentMethod(method: PaymentMethod, action: PaymentMethodUpdateAction): PaymentMethod {
  switch (action.action) {
    case 'setName':
      return { ...method, ...(action.name && { name: action.name }) };
    case 'setDefault':
      return { ...method, default: action.default };
    case 'setPaymentMethodStatus':
      return { ...method, paymentMethodStatus: action.paymentMethodStatus };
    default:
      throw new Error(`the fake commercetools has no update action ${action.action} for a payment method`);
  }
}

function checkKeyIsFree(stored: ReadonlyMap<string, { key?: string }>, wanted: string | undefined): void {
  if (wanted !== undefined && [...stored.values()].some(({ key }) => key === wanted)) {
    throw refused('DuplicateField', 'key');
  }
}

/** A job from a draft. None is created when its key exists, or its payment or method does not. */
export function createRecurringJob(project: CommercetoolsState, draft: Omit<RecurringJob, 'id'>): RecurringJob {
  checkKeyIsFree(project.recurringJobs, draft.key);
  const isKnown = project.stored.has(draft.originPayment.id) && project.paymentMethods.has(draft.paymentMethod.id);
  if (!isKnown) throw refused('ReferencedResourceNotFound');
  const job = { ...draft, id: project.newId() };
  project.recurringJobs.set(job.id, job);
  return job;
}
