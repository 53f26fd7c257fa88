import Configuration
import Testing

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("kernal", "kernel"), ("krenel", "kernel"), ("kernels", "kernel"), ("Kernel", "kernel"),
        ("learning_rate", "learningRate"), ("learnRate", "learningRate"), ("strid", "stride"),
    ])
    func misspeltNamesAreFound(name: String, expected: String) {
        #expect(nearestName(to: name, in: ["stride", "kernel", "learningRate", "k"]) == expected)
    }

    @Test(arguments: ["", "zz", "q", "momentum", String(repeating: "kernel", count: 1000)])
    func farNamesAreNot(name: String) {
        #expect(nearestName(to: name, in: ["stride", "kernel", "learningRate", "k", ""]) == nil)
    }

    @Test func theNearestAndThenTheFirstWins() {
        #expect(nearestName(to: "beta3", in: ["betas", "beta1", "beta2"]) == "betas")
        #expect(nearestName(to: "ab", in: ["ba", "abc"]) == "ba")
        #expect(nearestName(to: "size", in: []) == nil)
    }
}
