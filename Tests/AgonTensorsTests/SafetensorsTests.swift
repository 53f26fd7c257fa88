import AgonTestFiles
import Foundation
import Testing

@testable import AgonTensors

@Suite struct SafetensorsTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A file of this header and so many bytes of data 0, 1, 2, ...
    private func file(_ header: String, dataSize: Int, claimedLength: UInt64? = nil) throws -> String {
        let length = claimedLength ?? UInt64(header.utf8.count)
        let prefix = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        return try folder.write(
            prefix + Array(header.utf8) + (0..<dataSize).map { UInt8(truncatingIfNeeded: $0) }, to: "t.safetensors")
    }

    @Test func writtenFileReadsBack() throws {
        let path = folder.file("checkpoint.safetensors")
        let weight = Tensor(shape: [2, 3], values: [1, -2, 3.5, 0, .infinity, 0x1p-149])
        let contents: [SafetensorsFile.Content] = [
            .init(name: "generator.0.weight", tensor: weight),
            .init(name: "a \"quoted\"\\\n\u{1} näme", shape: [3], values: .uint8([0, 127, 255])),
            .init(name: "step", shape: [], values: .int64([.min])),
            .init(name: "empty", shape: [4, 0], values: .float32([])),
        ]
        let metadata = ["case": "{\"kind\": \"ö\", \"n\": [1]}", "": "\u{1F3C6}\t/\u{8}\u{c}\r"]
        try SafetensorsFile.write(path: path, contents, metadata: metadata)
        let file = try SafetensorsFile(path: path)
        #expect(file.metadata == metadata)
        #expect(file.entries.map(\.name) == ["step", "empty", "generator.0.weight", "a \"quoted\"\\\n\u{1} näme"])
        #expect(try file.tensor("generator.0.weight") == weight)
        #expect(try file.integers("step") == [.min])
        #expect(try file.bytes("a \"quoted\"\\\n\u{1} näme") == [0, 127, 255])
        #expect(try file.tensor("empty").shape == [4, 0])
        #expect(file.contains("step") && !file.contains("Step"))
        // The header ends at a multiple of 8, and the order of the caller's arrays does not matter.
        let first = try bytes(of: path)
        #expect(first[0] % 8 == 0)
        try SafetensorsFile.write(path: path, contents.reversed(), metadata: metadata)
        #expect(try bytes(of: path) == first)
    }

    /// The recorded cases were written by the reference implementation: ours writes the same bytes.
    @Test func recordedCasesAreReadAndRewrittenExactly() throws {
        let paths = try goldenPaths()
        #expect(paths.count == 81)
        for path in paths {
            let file = try SafetensorsFile(path: path)
            let text = try #require(file.metadata["case"])
            #expect((try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])?["kind"] is String)
            let contents = try file.entries.map {
                SafetensorsFile.Content(name: $0.name, tensor: try file.tensor($0.name))
            }
            let copy = folder.file("copy.safetensors")
            try SafetensorsFile.write(path: copy, contents, metadata: file.metadata)
            #expect(try bytes(of: copy) == bytes(of: path), "\(path)")
        }
    }

    @Test(
        arguments: [
            ("F64", [0, 0, 0, 0, 0, 0, 0xf8, 0xbf], [-1.5]), ("F32", [0, 0, 0xc0, 0xbf], [-1.5]),
            ("F16", [0x00, 0xbe, 0x01, 0x00], [-1.5, 0x1p-24]), ("BF16", [0xc0, 0xbf], [-1.5]),
            ("I64", [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], [-2]), ("I32", [0xfe, 0xff, 0xff, 0xff], [-2]),
            ("I16", [0xfe, 0xff], [-2]), ("I8", [0xfe], [-2]), ("U64", [2, 0, 0, 0, 0, 0, 0, 0], [2]),
            ("U32", [2, 0, 0, 0], [2]), ("U16", [2, 1], [258]), ("U8", [200, 7], [200, 7]), ("BOOL", [0, 1], [0, 1]),
        ] as [(String, [UInt8], [Float])])
    func allTypesBecomeSinglePrecision(type: String, data: [UInt8], values: [Float]) throws {
        let header = "{\"x\":{\"dtype\":\"\(type)\",\"shape\":[\(values.count)],\"data_offsets\":[0,\(data.count)]}}"
        let bytes = [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + data
        let file = try SafetensorsFile(path: folder.write(bytes, to: "typed.safetensors"))
        #expect(try file.tensor("x").values == values)
        #expect(try file.bytes("x") == data)
    }

    /// A file may hold arrays that nobody asks for.
    @Test(arguments: [("C64", 8), ("F8_E4M3", 1), ("F8_E5M2", 1)])
    func typesThatAreNotReadSpoilNoOthers(type: String, bytes: Int) throws {
        let header =
            #"{"x":{"dtype":"\#(type)","shape":[1],"data_offsets":[0,\#(bytes)]},"#
            + #""y":{"dtype":"U8","shape":[1],"data_offsets":[\#(bytes),\#(bytes + 1)]}}"#
        let data =
            [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8)
            + [UInt8](repeating: 7, count: bytes + 1)
        let file = try SafetensorsFile(path: folder.write(data, to: "typed.safetensors"))
        #expect(try file.tensor("y").values == [7])
        #expect(throws: TensorsError.self) { try file.tensor("x") }
        #expect(try !file.entry("x").type.isFloatingPoint)
    }

    #if !(os(macOS) && arch(x86_64))
        @Test func allHalfPrecisionNumbersAreWidenedExactly() {
            for bits in UInt16.min...UInt16.max {
                let expected = Float(Float16(bitPattern: bits))
                let found = float(half: bits)
                #expect(found.bitPattern == expected.bitPattern || (found.isNaN && expected.isNaN), "\(bits)")
            }
        }
    #endif

    /// Header, bytes of data, claimed length of the header, and what the message ends with.
    static let lies: [(String, Int, UInt64?, String)] = [
        ("", 0, 0x0000_0014_0403_4b50, "it is a zip, such as NumPy's .npz or PyTorch's .pt"),
        ("", 0, 0x0a1a_0a0d_4644_4889, "it is an HDF5 file (.h5)"),
        ("", 0, 0x0000_0003_4655_4747, "it is a GGUF file"),
        ("", 0, 0x7079_0712_0708, "it is an ONNX model"),
        ("", 0, 1 << 63, "its header claims 9223372036854775808 bytes, more than the 100000000 allowed"),
        ("{}", 0, 100_000_001, "its header claims 100000001 bytes, more than the 100000000 allowed"),
        ("{}", 0, 99_999_999, "its header claims 99999999 bytes, the file has 10 (truncated?)"),
        ("{}", 0, 3, "its header claims 3 bytes, the file has 10 (truncated?)"),
        ("{}", 4, nil, "4 bytes follow the last tensor, which ends at data byte 0"),
        (" {}", 0, nil, "its header does not start with '{'"),
        ("", 0, nil, "its header does not start with '{'"),
        ("{\"x\"", 0, nil, "its header:1:5: unexpected end of text; expected ':' after the key"),
        ("{\"x", 0, nil, "its header:1:2: the string is not closed on its line"),
        ("{\"x\u{1}\":{}}", 0, nil, "its header:1:4: control character 1 in a string; write it as \\u0001"),
        ("{\"\\q\":{}}", 0, nil, "its header:1:3: unknown escape \\q in a string"),
        ("{\"\\ud800\":{}}", 0, nil, "its header:1:3: half of a surrogate pair in a \\u escape"),
        ("{\"\\u12g4\":{}}", 0, nil, "its header:1:3: unknown escape \\u12g4 in a string"),
        ("{}x", 0, nil, "its header:1:3: expected the end of the text, found 'x'"),
        ("{\"__metadata__\":{\"a\":1}}", 0, nil, "its __metadata__ is not an object of strings"),
        (
            "{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0, nil,
            "its header:1: __metadata__.a: the key is given twice, first in line 1"
        ),
        (
            "{\"x\":[1]}", 0, nil,
            "tensor 'x': its header:1: expected an object, found an array of 1 element"
        ),
        (
            "{\"x\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, nil,
            "tensor 'x': its header:1: missing key 'dtype'"
        ),
        (
            "{\"x\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, nil,
            "tensor 'x': its header:1: missing key 'shape'"
        ),
        (
            "{\"x\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, nil,
            "tensor 'x': its header:1: missing key 'data_offsets'"
        ),
        (
            "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, nil,
            "tensor 'x': its header:1: data_offsets: expected 2 elements, found 1"
        ),
        (
            "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"unheard\":1}}", 4, nil,
            "tensor 'x': its header:1: unheard: unknown key. Keys known here: dtype, shape, data_offsets"
        ),
        (
            "{\"x\":{\"dtype\":\"F32\",\"dtype\":\"F32\"}}", 4, nil,
            "its header:1: x.dtype: the key is given twice, first in line 1"
        ),
        (
            "{\"x\":{\"dtype\":\"F31\"}}", 4, nil,
            "tensor 'x': its header:1: dtype: unknown choice 'F31'. Did you mean 'F32'? Available: F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL, F8_E4M3, F8_E5M2, C64"
        ),
        (
            shaped("-1"), 4, nil,
            "tensor 'x': its header:1: shape[0]: -1 is out of range; expected an integer of at least 0"
        ),
        (shaped("1.5"), 4, nil, "tensor 'x': its header:1: shape[0]: expected an integer, found the number 1.5"),
        (
            shaped("9223372036854775808"), 4, nil,
            "tensor 'x': its header:1: shape[0]: 9223372036854775808 is out of range; expected an integer that fits 64 bits"
        ),
        (
            "{\"x\":{\"shape\":[01]}}", 4, nil,
            "its header:1:16: '01' is not a number in JSON's form, such as 12, -0.5 or 2e-4"
        ),
        (
            shaped([String](repeating: "1", count: 65).joined(separator: ",")), 4, nil,
            "tensor 'x': its header:1: shape: expected 0 to 64 elements, found 65"
        ),
        (
            tensor("x", [4_294_967_296, 4_294_967_296], 0, 0), 0, nil,
            "the size of tensor 'x' of shape [4294967296, 4294967296] overflows"
        ),
        (
            tensor("x", [4_611_686_018_427_387_904], 0, 0), 0, nil,
            "the size of tensor 'x' of shape [4611686018427387904] overflows"
        ),
        (
            tensor("x", [4_294_967_296, 4_294_967_296, 0], 0, 0), 0, nil,
            "the size of tensor 'x' of shape [4294967296, 4294967296, 0] overflows"
        ),
        (
            tensor("x", [2], 0, 4), 4, nil,
            "tensor 'x' of shape [2] and dtype F32 needs 8 bytes, its data_offsets [0, 4] hold 4"
        ),
        (tensor("x", [1], 8, 4), 8, nil, "tensor 'x' ends before it starts (data_offsets [8, 4])"),
        (
            tensor("x", [1], 4, 8), 8, nil,
            "tensor 'x' starts at data byte 4 and leaves a gap after the previous tensor, which ends at 0"
        ),
        (tensor("x", [2], 0, 8), 7, nil, "tensor 'x' ends at data byte 8, the file holds 7 (truncated?)"),
        (
            tensor("x", [1_000_000_000], 0, 4_000_000_000), 7, nil,
            "tensor 'x' ends at data byte 4000000000, the file holds 7 (truncated?)"
        ),
        (
            both(tensor("x", [2], 0, 8), tensor("y", [2], 4, 12)), 12, nil,
            "tensor 'y' starts at data byte 4 and overlaps the previous tensor, which ends at 8"
        ),
        (
            both(tensor("x", [1], 0, 4), tensor("y", [1], 8, 12)), 12, nil,
            "tensor 'y' starts at data byte 8 and leaves a gap after the previous tensor, which ends at 4"
        ),
        (
            both(tensor("x", [1], 0, 4), tensor("x", [1], 4, 8)), 8, nil,
            "its header:1: x: the key is given twice, first in line 1"
        ),
    ]

    static func tensor(_ name: String, _ shape: [Int], _ start: Int, _ end: Int) -> String {
        "{\"\(name)\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[\(start),\(end)]}}"
    }

    static func shaped(_ shape: String) -> String {
        "{\"x\":{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[0,4]}}"
    }

    static func both(_ first: String, _ second: String) -> String { first.dropLast() + "," + second.dropFirst() }

    @Test(arguments: lies.indices)
    func lyingFileIsRefused(index: Int) throws {
        let (header, dataSize, length, problem) = Self.lies[index]
        let path = try file(header, dataSize: dataSize, claimedLength: length)
        let error = #expect(throws: TensorsError.self) { try SafetensorsFile(path: path) }
        #expect(error?.description == "\(path): not a valid safetensors file: \(problem)")
    }

    @Test func otherFilesAreRefused() throws {
        let message = { (path: String) in
            #expect(throws: TensorsError.self) { try SafetensorsFile(path: path) }?.description
        }
        let short = try folder.write([1, 2, 3], to: "short")
        #expect(
            message(short) == "\(short): not a valid safetensors file: it has 3 bytes, too few for a header's length")
        let latin = try folder.write([4, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x22, 0xff, 0x22], to: "latin")
        #expect(message(latin) == "\(latin): not a valid safetensors file: its header is not UTF-8 text")
        #expect(message(folder.path) == "\(folder.path): cannot read (Is a directory); give the path of a file in it")
        let missing = folder.file("missing")
        #expect(message(missing) == "\(missing): cannot read (No such file or directory); check the path")
        #if os(Linux)
            #expect(message("/dev/zero") == "/dev/zero: cannot read (Invalid argument)")
        #endif
    }

    @Test func spaceIsAllowedWhereTheFormatAllowsIt() throws {
        let header = "{ \"x\" :\n{\"shape\":[ ],\"data_offsets\" : [0 , 4],\t\"dtype\":\"F32\" } }   "
        #expect(try SafetensorsFile(path: file(header, dataSize: 4)).tensor("x").shape == [])
        let escaped = "{\"\\u00e9\\ud83c\\udfc6\\/\":" + Self.tensor("x", [1], 0, 4).dropFirst(5)
        #expect(try SafetensorsFile(path: file(escaped, dataSize: 4)).entries.map(\.name) == ["é\u{1F3C6}/"])
        #expect(try SafetensorsFile(path: file("{}", dataSize: 0)).entries.isEmpty)
    }

    @Test func missingTensorNamesTheNearest() throws {
        let path = folder.file("named.safetensors")
        let one = Tensor(shape: [1], values: [1])
        try SafetensorsFile.write(
            path: path,
            ["generator.0.weight", "generator.0.bias"].map { SafetensorsFile.Content(name: $0, tensor: one) })
        let file = try SafetensorsFile(path: path)
        let message = { (name: String) in #expect(throws: TensorsError.self) { try file.tensor(name) }?.description }
        #expect(
            message("generator.0.weigth")
                == "\(path): no tensor 'generator.0.weigth'. Did you mean 'generator.0.weight'?")
        #expect(message("x") == "\(path): no tensor 'x'; it has generator.0.bias, generator.0.weight")
        let error = #expect(throws: TensorsError.self) { try file.integers("generator.0.bias") }
        #expect(error?.description == "\(path): tensor 'generator.0.bias' is F32, expected I64")
    }

    @Test func fileThatShrinksAfterOpeningIsAnError() throws {
        let path = try file(Self.tensor("x", [1000], 0, 4000), dataSize: 4000)
        let opened = try SafetensorsFile(path: path)
        #expect(truncate(path, 200) == 0)
        #expect(throws: TensorsError.self) { try opened.tensor("x") }
    }

    /// Changed bytes give an error or arrays; never a crash, and never more than the file's bytes.
    @Test func mutatedFilesNeverCrash() throws {
        let path = folder.file("fuzz.safetensors")
        try SafetensorsFile.write(
            path: path,
            [
                .init(name: "w", tensor: Tensor(shape: [2, 3], repeating: 1)),
                .init(name: "step", shape: [1], values: .int64([7])),
                .init(name: "mask", shape: [5], values: .uint8([1, 0, 1, 0, 1])),
            ], metadata: ["case": "{\"kind\": \"x\"}"])
        let original = try bytes(of: path)
        let headerEnd = 8 + Int(original[0]) + Int(original[1]) << 8
        var random = SplitMix64(seed: 11)
        let telling = Array("{}[]:,\"\\0123456789eE.-+ufn".utf8) + [0, 0x80, 0xff]
        var (accepted, refused) = (0, 0)
        for _ in 0..<6000 {
            var mutated = original
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<min(headerEnd, mutated.count), using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: mutated[place] = UInt8.random(in: 0...255, using: &random)
                case 1: mutated[place] = telling.randomElement(using: &random) ?? 0
                case 2: mutated.remove(at: place)
                case 3: mutated.insert(telling.randomElement(using: &random) ?? 0, at: place)
                default: mutated.removeLast(Int.random(in: 0...min(20, mutated.count - 9), using: &random))
                }
            }
            do {
                let file = try SafetensorsFile(path: folder.write(mutated, to: "fuzz.safetensors"))
                for entry in file.entries {
                    #expect(try file.tensor(entry.name).values.count * entry.type.byteCount <= mutated.count)
                }
                accepted += 1
            } catch is TensorsError {
                refused += 1
            }
        }
        // A changed name or metadata is a valid file; most changes are not.
        #expect(accepted > 20 && refused > 3000, "\(accepted) accepted, \(refused) refused")
    }
}

/// The paths of all recorded cases, in order.
private func goldenPaths() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: goldenFolder)
        .filter { $0.hasSuffix(".safetensors") }.sorted().map { goldenFolder + "/" + $0 }
}
