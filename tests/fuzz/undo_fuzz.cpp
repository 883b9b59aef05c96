// An undo order from a record on the disk: what is accepted is written and read again as the same, and can be told.
#include "harness/base/undo.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto value = mccoy::from_json({reinterpret_cast<const char*>(data), size});
  if (!value.ok()) return 0;
  const auto order = mccoy::undo_order_from(*value);
  if (!order.ok()) return 0;
  const auto again = mccoy::undo_order_from(mccoy::to_value(*order));
  MCCOY_CHECK(again.ok() && mccoy::to_json(mccoy::to_value(*again)) == mccoy::to_json(mccoy::to_value(*order)));
  MCCOY_CHECK(!mccoy::in_words(*order).empty() && !mccoy::by_hand(*order).empty());
  return 0;
}
