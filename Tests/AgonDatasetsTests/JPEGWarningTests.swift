import AgonTestFiles
import Foundation
import Testing

@testable import AgonDatasets

/// Warnings of the JPEG decoder, of files made of one sound file by changing bytes.
@Suite struct JPEGWarningTests {
    private let folder: TemporaryFolder
    private let sound: [UInt8]
    private let image: Image

    init() throws {
        folder = try TemporaryFolder()
        let shape = ImageShape(height: 64, width: 64, channels: 3)
        let image = Image(
            shape: shape, pixels: (0..<shape.count).map { UInt8(truncatingIfNeeded: $0 / 3 * 7 + $0 / 700) })
        try ImageFile.writeJPEG(image, path: folder.path + "/sound.jpg", quality: 90)
        sound = try bytes(of: folder.path + "/sound.jpg")
        self.image = try ImageFile.read(path: folder.path + "/sound.jpg")
    }

    private var scan: Int { sound.indices.dropLast().last { sound[$0] == 0xff && sound[$0 + 1] == 0xda } ?? 0 }

    private func read(_ bytes: [UInt8]) throws -> Image {
        try ImageFile.read(path: try folder.write(bytes, to: "a.jpg"))
    }

    @Test func scanParametersOfPhonesAreHarmless() throws {
        var odd = sound
        // Length, components of two bytes each, first coefficient, last coefficient.
        odd[scan + 5 + 2 * Int(sound[scan + 4]) + 1] = 0
        #expect(odd != sound)
        #expect(try read(odd) == image)
    }

    @Test func strayBytesBetweenSegmentsAndPaddingAreHarmless() throws {
        // Behind the first segment, whose length stands in its bytes 2 and 3.
        let end = 4 + (Int(sound[4]) << 8 | Int(sound[5]))
        #expect(try read(Array(sound[..<end]) + Array("stray bytes of a camera".utf8) + sound[end...]) == image)
        #expect(try read(sound.dropLast(2) + [UInt8](repeating: 0, count: 300) + [0xff, 0xd9]) == image)
        #expect(try read(sound.dropLast(2) + [0xff, 0xff, 0xff, 0xff, 0xd9]) == image)
        #expect(try read(sound + Array("the video of a motion photo".utf8)) == image)
    }

    @Test func scanThatIsLeftOverIsDamage() throws {
        // Coded pixels that no block took, as after a run of bits that ended blocks too early.
        let body = Array(sound[(scan + 14)..<(scan + 14 + 200)])
        let text = message { _ = try read(sound.dropLast(2) + body + [0xff, 0xd9]) }
        #expect(text.contains("bad JPEG") && text.contains("extraneous"), "\(text)")
    }

    @Test func cutScanIsDamage() throws {
        let text = message { _ = try read(Array(sound[..<(sound.count * 6 / 10)])) }
        #expect(text.contains("bad JPEG"), "\(text)")
    }
}
