import AgonTensors
import AgonTestFiles
import CAgonImageCodecs
import Foundation
import Testing

@testable import AgonDatasets

/// An entry of a tar file made by hand, as no honest program would.
struct TarEntry {
    var name: String
    var contents: [UInt8] = []
    /// `0` file, `1` hard link, `2` symbolic link, `3` device, `5` folder.
    var type: Character = "0"
    var link = ""
}

/// A tar file in the ustar format (POSIX.1-1988).
func tar(_ entries: [TarEntry]) -> [UInt8] {
    var archive: [UInt8] = []
    for entry in entries {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int) {
            for (index, byte) in text.utf8.enumerated() { header[offset + index] = byte }
        }
        func octal(_ value: Int, digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: digits - text.count) + text
        }
        put(entry.name, at: 0)
        put("0000644", at: 100)
        put("0000000", at: 108)
        put("0000000", at: 116)
        put(octal(entry.contents.count, digits: 11), at: 124)
        put("00000000000", at: 136)
        put("        ", at: 148)
        put(String(entry.type), at: 156)
        put(entry.link, at: 157)
        put("ustar", at: 257)
        put("00", at: 263)
        put(octal(header.reduce(0) { $0 + Int($1) }, digits: 6) + "\0", at: 148)
        archive += header + entry.contents
        archive += [UInt8](repeating: 0, count: (512 - entry.contents.count % 512) % 512)
    }
    return archive + [UInt8](repeating: 0, count: 1024)
}

/// A zip of stored files.
func zip(_ entries: [(name: String, contents: [UInt8])], to path: String) throws {
    let zip = try #require(agon_zip_begin())
    for (name, contents) in entries {
        #expect(withMessage { agon_zip_add(zip, name, contents, contents.count, $0) } == nil)
    }
    try writeEncoded(path: path) { agon_zip_finish(zip, $0, $1) }
}

/// Replaces the first occurrence of some bytes in a file.
func replace(_ old: [UInt8], with new: [UInt8], in path: String) throws {
    var contents = try bytes(of: path)
    let place = try #require(contents.indices.first { contents[$0...].starts(with: old) })
    contents.replaceSubrange(place..<place + old.count, with: new)
    try Data(contents).write(to: URL(fileURLWithPath: path))
}

/// A gzip file (RFC 1952) of stored blocks.
func gzip(_ contents: [UInt8]) -> [UInt8] {
    var file: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
    for start in stride(from: 0, to: contents.count, by: 65535) {
        let block = contents[start..<min(start + 65535, contents.count)]
        let (low, high) = (UInt8(block.count & 255), UInt8(block.count >> 8))
        let isLast: UInt8 = block.endIndex == contents.count ? 1 : 0
        file += [isLast, low, high, ~low, ~high]
        file += block
    }
    var sum = ~UInt32(0)
    for byte in contents {
        sum ^= UInt32(byte)
        for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0xedb8_8320 : 0) }
    }
    for number in [~sum, UInt32(contents.count)] {
        for byte in 0..<4 { file.append(UInt8(truncatingIfNeeded: number >> (8 * UInt32(byte)))) }
    }
    return file
}

@Suite struct ArchiveTests {
    private func extract(_ archive: String, to folder: String) -> String? {
        withMessage { agon_archive_extract(archive, folder, 1 << 30, $0) }
    }

    @Test func aCacheThatCannotBeWrittenIsNamed() throws {
        let folder = try TemporaryFolder()
        let archive = try folder.write(tar([TarEntry(name: "a", contents: [1])]), to: "a.tar")
        let cache = try folder.write([0], to: "cache")
        let error = #expect(throws: DatasetError.self) {
            _ = try DatasetArchive.folder(of: archive, cacheFolder: cache)
        }
        #expect(
            error?.description
                == "\(cache)/unpacked: cannot unpack an archive into the cache: Not a directory; set AGON_CACHE to a folder "
                + "with free space that you may write to")
        #expect(error?.isPassing == false)
    }

    @Test func theFaultIsTheArchivesOrTheDisks() throws {
        let folder = try TemporaryFolder()
        let member = TarEntry(name: "a", contents: [1])
        let archive = try folder.write(tar([member]), to: "a.tar")
        let target = folder.path + "/out"
        #expect(
            message { try extractArchive(archive, into: target) }
                == "\(target): cannot open the folder to extract to: No such file or directory")
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        let twice = try folder.write(tar([member, member]), to: "twice.tar")
        #expect(
            message { try extractArchive(twice, into: target) }
                == "\(twice): cannot write 'a': File exists, or the archive contains it twice")
        let dangling = try folder.write(tar([TarEntry(name: "b", type: "1", link: "none")]), to: "dangling.tar")
        #expect(
            message { try extractArchive(dangling, into: target) }
                == "\(dangling): cannot link 'b': No such file or directory")
    }

    @Test func archiveMayNotGrowBeyondItsLimit() throws {
        let folder = try TemporaryFolder()
        let archive = try folder.write(
            tar([
                TarEntry(name: "a", contents: [UInt8](repeating: 1, count: 900)),
                TarEntry(name: "b", contents: [UInt8](repeating: 1, count: 200)),
            ]), to: "a.tar")
        let target = folder.path + "/out"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        #expect(
            withMessage { agon_archive_extract(archive, target, 1000, $0) }
                == "it would become 1100 bytes, over the limit of 1000; nothing was extracted")
        #expect(folder.files == ["a.tar", "out"])
        #expect(withMessage { agon_archive_extract(archive, target, 1100, $0) } == nil)
        #expect(agon_archive_limit(10) == 1 << 30 && agon_archive_limit(1 << 40) == 100 << 40)
    }

    @Test func namesStayTheBytesThatTheyAre() throws {
        let folder = try TemporaryFolder()
        let image = try bytes(of: try folder.writeImage("source.png", value: 5))
        // `XX` becomes é in Latin-1 and in UTF-8; the checksum of the header follows.
        for (name, bytes) in [("latin", [0xe9]), ("utf", [0xc3, 0xa9])] as [(String, [UInt8])] {
            let filler = String(repeating: "X", count: bytes.count)
            var archive = tar([TarEntry(name: "a\(filler).png", contents: image)])
            for (index, byte) in bytes.enumerated() { archive[1 + index] = byte }
            let former = Int("0" + String(decoding: archive[148..<154], as: UTF8.self), radix: 8) ?? 0
            let sum = former - 0x58 * bytes.count + bytes.reduce(0) { $0 + Int($1) }
            let digits = String(sum, radix: 8)
            for (index, digit) in (String(repeating: "0", count: 6 - digits.count) + digits).utf8.enumerated() {
                archive[148 + index] = digit
            }
            let path = try folder.write(archive, to: "\(name).tar")
            let target = folder.path + "/" + name
            try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
            #expect(extract(path, to: target) == nil)
            let found = try ImageFolder(path: target).files
            #expect(found.count == 1)
            let expected = [0x61] + bytes + Array(".png".utf8)
            let back = FileName.withBytes(of: found[0]) { Array(UnsafeBufferPointer(start: $0, count: strlen($0))) }
            #expect(back.map { UInt8(bitPattern: $0) } == expected)
        }
    }

    @Test func filesFoldersAndInnerLinksAreExtracted() throws {
        let folder = try TemporaryFolder()
        let archive = try folder.write(
            tar([
                TarEntry(name: "./", type: "5"),
                TarEntry(name: "set/one.txt", contents: Array("one".utf8)),
                TarEntry(name: "./set/deep/two.txt", contents: [UInt8](repeating: 50, count: 1500)),
                TarEntry(name: "set/empty", type: "5"),
                TarEntry(name: "set/soft", type: "2", link: "one.txt"),
                TarEntry(name: "set/hard", type: "1", link: "set/one.txt"),
            ]), to: "a.tar")
        try FileManager.default.createDirectory(atPath: folder.path + "/out", withIntermediateDirectories: true)
        #expect(extract(archive, to: folder.path + "/out") == nil)
        #expect(
            folder.files.filter { $0.hasPrefix("out/") } == [
                "out/set", "out/set/deep", "out/set/deep/two.txt", "out/set/empty", "out/set/hard", "out/set/one.txt",
                "out/set/soft",
            ])
        #expect(try bytes(of: folder.path + "/out/set/soft") == Array("one".utf8))
        #expect(try bytes(of: folder.path + "/out/set/hard") == Array("one".utf8))
        #expect(try bytes(of: folder.path + "/out/set/deep/two.txt").count == 1500)
    }

    @Test(arguments: [
        (TarEntry(name: "../evil", contents: [1]), "entry '../evil' leaves its folder"),
        (TarEntry(name: "a/../../evil", contents: [1]), "entry 'a/../../evil' leaves its folder"),
        (TarEntry(name: "/tmp/agon-evil", contents: [1]), "entry '/tmp/agon-evil' leaves its folder"),
        (TarEntry(name: "a/..", type: "5"), "leaves its folder"),
        (TarEntry(name: "link", type: "2", link: "/etc"), "link 'link' to '/etc' may leave its folder"),
        (TarEntry(name: "a/link", type: "2", link: "../../etc"), "may leave its folder"),
        (TarEntry(name: "link", type: "1", link: "../secret"), "link 'link' to '../secret' may leave its folder"),
        (TarEntry(name: "device", type: "3"), "entry 'device' is neither file nor folder"),
    ]) func leavingTheFolderIsRefusedBeforeAnythingIsWritten(entry: TarEntry, expected: String) throws {
        let folder = try TemporaryFolder()
        let archive = try folder.write(tar([TarEntry(name: "good", contents: [1]), entry]), to: "a.tar")
        try FileManager.default.createDirectory(atPath: folder.path + "/out", withIntermediateDirectories: true)
        let text = try #require(extract(archive, to: folder.path + "/out"))
        #expect(text.contains(expected) && text.hasSuffix("nothing was extracted"), "\(text)")
        #expect(folder.files == ["a.tar", "out"])
    }

    @Test func fileThroughALinkIsRefused() throws {
        let folder = try TemporaryFolder()
        // `d` points to `e`, both inside; writing through it is still not done.
        let archive = try folder.write(
            tar([
                TarEntry(name: "e", type: "5"), TarEntry(name: "d", type: "2", link: "e"),
                TarEntry(name: "d/file", contents: [1]),
            ]), to: "a.tar")
        try FileManager.default.createDirectory(atPath: folder.path + "/out", withIntermediateDirectories: true)
        #expect(extract(archive, to: folder.path + "/out")?.contains("cannot make the folder of 'd/file'") == true)
        #expect(!folder.files.contains("out/e/file"))
    }

    @Test func checksumsOfZipMembersAreCompared() throws {
        let folder = try TemporaryFolder()
        let archive = folder.path + "/a.zip"
        try zip([("one.txt", Array("first".utf8)), ("two.txt", Array("second".utf8))], to: archive)
        try folder.write("", to: "out/x")
        #expect(extract(archive, to: folder.path + "/out") == nil)
        try replace(Array("second".utf8), with: Array("sEcond".utf8), in: archive)
        try folder.write("", to: "more/x")
        #expect(extract(archive, to: folder.path + "/more") == "'two.txt' is damaged (checksum)")
        // The same holds for arrays.
        let arrays = folder.path + "/a.npz"
        try NumPyArchive.write([("mu", NpyArray(shape: [2], values: .float32([1, 78])))], path: arrays)
        try replace([0, 0, 0x9c, 0x42], with: [0, 0, 0x9d, 0x42], in: arrays)
        #expect(
            message { _ = try NumPyArchive.read(path: arrays, names: ["mu"]) }
                == "\(arrays): 'mu.npy' is damaged (checksum)")
    }

    @Test func checksumAndLengthOfGzipDataAreCompared() throws {
        let folder = try TemporaryFolder()
        // Larger than a block that is read at once; what follows the end of the tar counts too.
        let plain = tar([TarEntry(name: "a", contents: (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) })])
        for tail in [0, 300_000] {
            let whole = gzip(plain + [UInt8](repeating: 0, count: tail))
            try folder.write("", to: "out\(tail)/x")
            let out = folder.path + "/out\(tail)"
            // Checksum and length are the last eight bytes.
            for fromEnd in [8, 4] {
                var wrong = whole
                wrong[whole.count - fromEnd] ^= 1
                let archive = try folder.write(wrong, to: "wrong.tar.gz")
                #expect(extract(archive, to: out) != nil)
            }
            #expect(!folder.holds("out\(tail)/a"), "nothing is extracted")
            #expect(extract(try folder.write(whole, to: "good.tar.gz"), to: out) == nil)
            #expect(try bytes(of: out + "/a").count == 300_000)
        }
    }

    @Test func passwordsAndNamesThatOccurTwiceAreCalledThat() throws {
        let folder = try TemporaryFolder()
        let archive = folder.path + "/a.zip"
        try zip([("one.txt", Array("first".utf8))], to: archive)
        // Bit 0 of the flags, in the member's own header and in the directory at the end.
        var contents = try bytes(of: archive)
        for (signature, flags) in [([0x50, 0x4b, 3, 4], 6), ([0x50, 0x4b, 1, 2], 8)] as [([UInt8], Int)] {
            let place = try #require(contents.indices.first { contents[$0...].starts(with: signature) })
            contents[place + flags] |= 1
        }
        try folder.write(contents, to: "a.zip")
        try folder.write("", to: "out/x")
        #expect(extract(archive, to: folder.path + "/out")?.hasPrefix("'one.txt' is protected by a password") == true)
        let twice = try folder.write(
            tar([TarEntry(name: "a", contents: [1]), TarEntry(name: "a", contents: [2])]), to: "twice.tar")
        #expect(
            extract(twice, to: folder.path + "/out")
                == "cannot write 'a': File exists, or the archive contains it twice")
    }

    @Test func existingFilesAreNotReplaced() throws {
        let folder = try TemporaryFolder()
        let archive = try folder.write(tar([TarEntry(name: "file", contents: [1])]), to: "a.tar")
        try folder.write("old", to: "out/file")
        #expect(extract(archive, to: folder.path + "/out")?.contains("File exists") == true)
        #expect(try bytes(of: folder.path + "/out/file") == Array("old".utf8))
    }

    @Test func truncatedAndForeignFilesAreErrors() throws {
        let folder = try TemporaryFolder()
        let whole = tar([TarEntry(name: "file", contents: [UInt8](repeating: 7, count: 3000))])
        try FileManager.default.createDirectory(atPath: folder.path + "/out", withIntermediateDirectories: true)
        let cut = try folder.write(Array(whole[..<2000]), to: "cut.tar")
        #expect(extract(cut, to: folder.path + "/out") != nil)
        let foreign = try folder.write("this is no archive at all, however long one reads in it", to: "foreign.tar")
        #expect(extract(foreign, to: folder.path + "/out") != nil)
        #expect(extract(folder.path + "/none.tar", to: folder.path + "/out") != nil)
    }
}
