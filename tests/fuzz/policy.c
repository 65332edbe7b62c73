// SPDX-License-Identifier: GPL-3.0-or-later
/* A policy file that anybody wrote, beside the built-in ones. */
#include "../../user/policy/decide.h"
#include "../../user/policy/documents.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct documents documents = {};
	struct policy *policy;

	documents_add(&documents, "fuzz.json", (const char *)data, size);
	if (!policy_compile(&policy, &documents, size % 2 ? "fuzz.json" : NULL)) {
		for (size_t i = 0; i < policy->product_count; i++) {
			struct decision decision;

			decide_product(policy, &policy->products[i], 20000, &decision);
			decision_clear(&decision);
		}
		policy_free(&policy);
	}
	documents_free(&documents);
	return 0;
}
