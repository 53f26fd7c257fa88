import AgonTensors
import AgonTestFiles
import Foundation
import Testing

@Suite struct NpyTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func file(
        _ header: String, version: UInt8 = 1, data: [UInt8] = [], claimedLength: Int? = nil
    ) throws -> String {
        let length = claimedLength ?? header.utf8.count
        let size = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        return try folder.write(
            [0x93] + Array("NUMPY".utf8) + [version, 0] + size + Array(header.utf8) + data, to: "a.npy")
    }

    @Test(arguments: [[], [3], [2, 3], [2, 0, 5]] as [[Int]])
    func writtenFileReadsBack(dimensions: [Int]) throws {
        let path = folder.file("b.npy")
        let shape = Shape(dimensions)
        let single = NpyArray(shape: shape, values: .float32((0..<shape.count).map { Float($0) - 1.25 }))
        try single.write(path: path)
        #expect(try NpyArray(path: path) == single)
        #expect(try bytes(of: path).count == 128 + 4 * shape.count)  // data begins at a multiple of 64
        let double = NpyArray(shape: shape, values: .float64((0..<shape.count).map { Double($0) / 3 }))
        try double.write(path: path)
        #expect(try NpyArray(path: path) == double)
        #expect(try NpyArray(path: path).tensor.values == double.doubles.map { Float($0) })
    }

    /// What `numpy.save` writes for `numpy.array([1, 2], "f4")` (NumPy 1.26).
    @Test func bytesAreThoseOfNumPy() throws {
        let path = folder.file("c.npy")
        try NpyArray(Tensor(shape: [2], values: [1, 2])).write(path: path)
        let dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
        let header = dictionary + String(repeating: " ", count: 117 - dictionary.utf8.count) + "\n"
        let expected: [UInt8] =
            [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, 118, 0] + Array(header.utf8) + [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]
        #expect(try bytes(of: path) == expected)
    }

    @Test func otherOrdersAndVersionTwoAreRead() throws {
        let header = "{ \"shape\" : ( 2 , ) ,'fortran_order':False, 'descr':'<f4'}  \n"
        for version: UInt8 in [1, 2] {
            let path = try file(header, version: version, data: [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40])
            #expect(try NpyArray(path: path).doubles == [1, 2])
        }
    }

    static let valid = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"

    static func header(shape: String) -> String { "{'descr': '<f4', 'fortran_order': False, 'shape': \(shape), }" }

    static let lies: [(String, Int, Int?, UInt8, String)] = [
        (valid, 7, nil, 1, "shape [2] needs 8 bytes of data, the file holds 7"),
        (valid, 9, nil, 1, "shape [2] needs 8 bytes of data, the file holds 9"),
        (valid, 0, 60_000, 1, "its header claims 60000 bytes, the file has 67 (truncated?)"),
        (valid, 0, 4_000_000_000, 2, "its header claims 4000000000 bytes, more than the 1048576 allowed"),
        (valid, 8, nil, 3, "its version is 3, expected 1 or 2"),
        (header(shape: "(4611686018427387904,)"), 0, nil, 1, "the size of shape [4611686018427387904] overflows"),
        (header(shape: "(99999999999999999999,)"), 0, nil, 1, "the extent at header byte 51 overflows"),
        (header(shape: "(-1,)"), 0, nil, 1, "header byte 51: expected an extent of 0 or more"),
        (header(shape: "2"), 8, nil, 1, "header byte 50: expected '('"),
        (
            valid.replacing("<f4", with: ">f4"), 8, nil, 1,
            "its dtype is '>f4'; save it as float32 or float64 ('<f4', '<f8')"
        ),
        (
            valid.replacing("<f4", with: "|O"), 8, nil, 1,
            "its dtype is '|O'; save it as float32 or float64 ('<f4', '<f8')"
        ),
        (
            valid.replacing("False", with: "True"), 8, nil, 1,
            "it is in Fortran order; save it with numpy.ascontiguousarray"
        ),
        (valid.replacing("False", with: "Maybe"), 8, nil, 1, "header byte 34: expected True or False"),
        ("{'descr': '<f4', 'shape': (2,), }", 8, nil, 1, "its header lacks one of descr, fortran_order and shape"),
        ("{'shape': (2,), 'shape': (2,)}", 8, nil, 1, "its header has an unknown or duplicate key 'shape'"),
        (valid + "x", 8, nil, 1, "text after the header's dictionary"),
        ("{'descr", 8, nil, 1, "its header ends within a string"),
        ("", 8, nil, 1, "header byte 0: expected '{'"),
    ]

    @Test(arguments: lies.indices)
    func lyingFileIsRefused(index: Int) throws {
        let (header, dataSize, length, version, problem) = Self.lies[index]
        let path = try file(
            header, version: version, data: [UInt8](repeating: 0, count: dataSize), claimedLength: length)
        let error = #expect(throws: TensorsError.self) { try NpyArray(path: path) }
        #expect(error?.description == "\(path): not a valid npy file: \(problem)")
    }

    @Test func otherFilesAreRefused() throws {
        for (content, problem) in [
            ([], "it does not start with \\x93NUMPY"), ([0x93, 0x4e], "it does not start with \\x93NUMPY"),
            ([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1], "it has 7 bytes, too few for a header (truncated?)"),
        ] as [([UInt8], String)] {
            let path = try folder.write(content, to: "other.npy")
            let error = #expect(throws: TensorsError.self) { try NpyArray(path: path) }
            #expect(error?.description == "\(path): not a valid npy file: \(problem)")
        }
    }

    @Test func mutatedFilesNeverCrash() throws {
        let path = folder.file("fuzz.npy")
        try NpyArray(shape: [2, 3], values: .float64([1, 2, 3, 4, 5, 6])).write(path: path)
        let original = try bytes(of: path)
        var random = SplitMix64(seed: 21)
        let telling = Array("{}(),:'\"0123456789<fTF ".utf8) + [0, 0x80, 0xff]
        var (accepted, refused) = (0, 0)
        for _ in 0..<4000 {
            var mutated = original
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<70, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: mutated[place] = UInt8.random(in: 0...255, using: &random)
                case 1: mutated[place] = telling.randomElement(using: &random) ?? 0
                case 2: mutated.remove(at: place)
                default: mutated.insert(telling.randomElement(using: &random) ?? 0, at: place)
                }
            }
            do {
                let array = try NpyArray(path: folder.write(mutated, to: "fuzz.npy"))
                #expect(array.values.count * 4 <= mutated.count)
                accepted += 1
            } catch is TensorsError {
                refused += 1
            }
        }
        #expect(accepted > 5 && refused > 2000, "\(accepted) accepted, \(refused) refused")
    }
}
