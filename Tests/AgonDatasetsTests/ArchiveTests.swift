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

@Suite struct ArchiveTests {
    private func extract(_ archive: String, to folder: String) -> String? {
        withMessage { agon_archive_extract(archive, folder, $0) }
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
