@0xd1a5c6ea2f0b7743;
# The type of stored values: field names and types, so that bytes explain themselves.
# C++ side: state/type_schema.h. What bytes of each kind look like: docs/formats/values.md.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("tidemark::proto");

struct TypeSchema {
  structs @0 :List(StructDef);   # a table, since types can be recursive
  root @1 :TypeRef;
}

struct StructDef {
  name @0 :Text;
  fields @1 :List(FieldDef);     # in the order in which they are stored
}

struct FieldDef {
  name @0 :Text;
  type @1 :TypeRef;
}

struct TypeRef {
  kind @0 :TypeKind;
  def @1 :UInt32;                # of a struct: its row in `structs`
  length @2 :UInt64;             # of an array
  name @3 :Text;                 # of an enum or a custom type
  args @4 :List(TypeRef);        # its parts, in order
}

enum TypeKind {                  # the numbers are those of tidemark::TypeKind
  null @0;
  bool @1;
  char @2;
  i8 @3;
  i16 @4;
  i32 @5;
  i64 @6;
  u8 @7;
  u16 @8;
  u32 @9;
  u64 @10;
  f32 @11;
  f64 @12;
  string @13;
  bytes @14;
  json @15;
  time @16;
  duration @17;
  timestamp @18;
  span @19;
  enumeration @20;
  optional @21;
  list @22;
  set @23;
  map @24;
  array @25;
  tuple @26;
  variant @27;
  struct @28;
}
