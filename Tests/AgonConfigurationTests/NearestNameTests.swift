import AgonConfiguration
import Testing

@Suite struct NearestNameTests {
    @Test(arguments: [
        ("kernal", "kernel"), ("krenel", "kernel"), ("kernels", "kernel"), ("Kernel", "kernel"),
        ("learning_rate", "learningRate"), ("learnRate", "learningRate"), ("strid", "stride"),
    ])
    func misspeltNamesAreFound(name: String, expected: String) {
        #expect(nearestName(to: name, in: ["stride", "kernel", "learningRate", "k"]) == expected)
    }

    @Test(arguments: ["", "zz", "q", "kid", "momentum", String(repeating: "kernel", count: 1000)])
    func farNamesAreNot(name: String) {
        #expect(nearestName(to: name, in: ["stride", "kernel", "learningRate", "k", ""]) == nil)
    }

    @Test func keysThatBothBeginWithSayNothing() {
        let keys = ["log", "metric.modes", "metric.modes-kl.step", "metric.fid-lenet", "optimizer.learningRate"]
        #expect(nearestName(to: "foo", in: keys) == nil)
        #expect(nearestName(to: "metric.modes-covered", in: keys) == nil)
        #expect(nearestName(to: "optimizer.steps", in: keys) == nil)
        #expect(nearestName(to: "metric.fdc-lenet", in: keys) == "metric.fid-lenet")
        #expect(nearestName(to: "optimiser.learningRate", in: keys) == "optimizer.learningRate")
        #expect(nearestName(to: "Optimizer.learningRat", in: keys) == "optimizer.learningRate")
    }

    @Test func theNearestAndThenTheFirstWins() {
        #expect(nearestName(to: "beta3", in: ["betas", "beta1", "beta2"]) == "betas")
        #expect(nearestName(to: "ab", in: ["ba", "abc"]) == "ba")
        #expect(nearestName(to: "size", in: []) == nil)
    }
}
