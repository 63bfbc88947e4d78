#include "heloscope/spf/spf.h"

spf_engine *const spf_engines[SPF_ENGINES] = {
	[SPF_ENGINE_NATIVE] = spf_native_evaluate,
#ifdef HAVE_LIBSPF2
	[SPF_ENGINE_LIBSPF2] = spf_libspf2_evaluate,
#endif
};
