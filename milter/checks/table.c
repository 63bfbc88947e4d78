#include "heloscope/checks/table.h"

#include "heloscope/checks/banner.h"
#include "heloscope/checks/helo.h"
#include "heloscope/checks/iprev.h"
#include "heloscope/checks/lists.h"
#include "heloscope/checks/sender.h"
#include "heloscope/checks/spf.h"
#include "heloscope/checks/tls.h"

static const struct check *const checks[] = {
	&check_iprev,       &check_helo,         &check_spf_mailfrom, &check_spf_helo,
	&check_sender,      &check_list_client,  &check_list_ptr,     &check_list_helo,
	&check_list_sender, &check_list_results, &check_banner,       &check_tls,
};

_Static_assert(sizeof checks / sizeof checks[0] <= INQUIRY_CHECKS_MAX, "INQUIRY_CHECKS_MAX is too small");

struct check_table
checks_table(void)
{
	return (struct check_table){ checks, sizeof checks / sizeof checks[0] };
}
