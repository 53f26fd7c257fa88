import AgonConfiguration
import Testing

@Suite struct FilePathTests {
    @Test func parentsAreTheFoldersAbove() {
        let cases = [
            ("a/b", "a"), ("a/b/", "a"), ("a//b", "a"), ("/a", "/"), ("/a/b", "/a"), ("/", "/"), ("//", "/"), ("a", ""),
            (".", ""), ("ab", ""), ("", ""), ("./a", "."), ("é/ü", "é"),
        ]
        for (path, parent) in cases { #expect(FilePath.parent(of: path) == parent, "\(path)") }
    }

    @Test func ancestryEndsAtTheRoot() {
        #expect(FilePath.ancestry(of: "/a/b") == ["/a/b", "/a", "/"])
        #expect(FilePath.ancestry(of: "a/b") == ["a/b", "a"])
        #expect(FilePath.ancestry(of: "") == [])
    }
}
