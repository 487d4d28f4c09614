// What a C++17 compiler and its library have to do: templates, exceptions, containers, streams, threads of control by value.
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

template <typename... Numbers> constexpr auto sum(Numbers... numbers) { return (numbers + ...); }

static_assert(sum(1, 2, 3) == 6);

template <typename T> std::string kind(const T &) {
    if constexpr (std::is_integral_v<T>) return "integer";
    else return "other";
}

struct Loud {
    std::string name;
    ~Loud() { std::cout << "end of " << name << '\n'; }
};

std::optional<int> number(std::string_view text) {
    std::istringstream stream{std::string(text)};
    int value;
    if (stream >> value) return value;
    return std::nullopt;
}

int main() {
    std::map<std::string, int> ages{{"b", 2}, {"a", 1}};
    for (const auto &[name, age] : ages) std::cout << name << '=' << age << '\n';
    std::vector<double> values(5);
    std::iota(values.begin(), values.end(), 0.5);
    std::sort(values.begin(), values.end(), std::greater<>());
    std::cout << values.front() << ' ' << std::accumulate(values.begin(), values.end(), 0.0) << '\n';
    std::cout << kind(1) << ' ' << kind("x") << ' ' << number("42").value_or(0) << ' ' << number("x").has_value() << '\n';
    std::variant<int, std::string> either = std::string("text");
    std::visit([](const auto &value) { std::cout << value << '\n'; }, either);
    try {
        auto loud = std::make_unique<Loud>(Loud{"one"});
        std::cout << std::get<0>(std::make_tuple(loud->name.size(), 'c')) << '\n';
        throw std::runtime_error("thrown");
    } catch (const std::exception &error) {
        std::cout << "caught " << error.what() << '\n';
    }
    long double tiny = 0x1p-16400L;
    std::cout << (tiny > 0) << ' ' << std::hex << std::showbase << 255 << '\n';
}
