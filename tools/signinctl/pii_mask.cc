#include "tools/signinctl/pii_mask.h"

#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "lib/identity/disclosure.h"
#include "va/common/v1/pii.pb.h"

namespace va::signinctl {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// What the message around it says about a field without a mark of its own.
enum class Around { kNothing, kHarmless, kPersonal };

bool IsText(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
}

bool IsPersonal(const FieldDescriptor& field, Around around) {
  switch (field.options().GetExtension(common::v1::pii)) {
    case common::v1::PII_NONE:
      return false;
    case common::v1::PII_UNSPECIFIED:
      // Entries of a map carry no marks: their map's counts.
      if (around == Around::kNothing) return IsText(field);
      return around == Around::kPersonal;
    default:
      return true;
  }
}

void MaskText(Message& message, const Reflection& reflection, const FieldDescriptor& field) {
  const std::string mask =
      field.type() == FieldDescriptor::TYPE_BYTES ? std::string() : identity::kMask;
  if (!field.is_repeated()) return reflection.SetString(&message, &field, mask);
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    reflection.SetRepeatedString(&message, &field, i, mask);
  }
}

void Mask(Message& message, Around around);

void MaskChildren(Message& message,  // NOLINT(misc-no-recursion): as deep as the message
                  const Reflection& reflection, const FieldDescriptor& field, bool personal) {
  Around around = Around::kNothing;
  if (personal) {
    around = Around::kPersonal;
  } else if (field.options().GetExtension(common::v1::pii) == common::v1::PII_NONE) {
    around = Around::kHarmless;
  }
  if (!field.is_repeated()) return Mask(*reflection.MutableMessage(&message, &field), around);
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    Mask(*reflection.MutableRepeatedMessage(&message, &field, i), around);
  }
}

void Mask(Message& message, Around around) {  // NOLINT(misc-no-recursion)
  const Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool personal = IsPersonal(*field, around);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      MaskChildren(message, reflection, *field, personal);
    } else if (personal && IsText(*field)) {
      MaskText(message, reflection, *field);
    } else if (personal) {
      reflection.ClearField(&message, field);
    }
  }
}

}  // namespace

void MaskPersonalData(Message& message) { Mask(message, Around::kNothing); }

}  // namespace va::signinctl
