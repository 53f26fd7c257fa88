// A libFuzzer program: `agon-fuzz TARGET [libFuzzer's arguments]`. `scripts/fuzz` builds and runs it.
import Foundation

/// libFuzzer's own entry, of https://llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library".
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ parse: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

guard CommandLine.arguments.count > 1, let chosen = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
    print("give a target: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
    exit(64)
}
let target = chosen

/// What libFuzzer's own program would call, which some linkers take in beside this one.
@_cdecl("LLVMFuzzerTestOneInput")
func parse(_ bytes: UnsafePointer<UInt8>?, _ length: Int) -> Int32 {
    target.run(Array(UnsafeBufferPointer(start: bytes, count: length)))
    return 0
}

let arguments = CommandLine.arguments.prefix(1) + CommandLine.arguments.dropFirst(2)
var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
var count = Int32(arguments.count)
atexit { FuzzTarget.removeFiles() }
let code = words.withUnsafeMutableBufferPointer { buffer in
    var start = buffer.baseAddress
    return runDriver(&count, &start) { parse($0, $1) }
}
exit(code)
